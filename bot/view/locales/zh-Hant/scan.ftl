scan-first-rhymes = 首句入韻
scan-first-open = 首句不入韻
scan-no-form = <b>不合體裁</b>
scan-legend = ○ 平 · ● 仄 · ◐ 可平可仄 · ◎ 韻
scan-faultless = ✓ 平仄、押韻皆合。
scan-problem = ✗ 第 { $line } 句第 { $position } 字「<b>{ $char }</b>」：{ $reason }
scan-format = 句長不合體裁
scan-unknown = 讀音不詳
scan-tone = { $wants ->
        [level] 應平而仄
       *[oblique] 應仄而平
    }
scan-opposition = 失對
scan-adhesion = 失粘
scan-lone-level = 犯孤平
scan-three-level = 三平尾
scan-three-oblique = 三仄尾
scan-rhyme = 出韻
scan-repeated-rhyme = 重韻
