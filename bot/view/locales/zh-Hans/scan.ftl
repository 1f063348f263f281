scan-first-rhymes = 首句入韵
scan-first-open = 首句不入韵
scan-no-form = <b>不合体裁</b>
scan-legend = ○ 平 · ● 仄 · ◐ 可平可仄 · ◎ 韵
scan-faultless = ✓ 平仄、押韵皆合。
scan-problem = ✗ 第 { $line } 句第 { $position } 字“<b>{ $char }</b>”：{ $reason }
scan-format = 句长不合体裁
scan-unknown = 读音不详
scan-tone = { $wants ->
        [level] 应平而仄
       *[oblique] 应仄而平
    }
scan-opposition = 失对
scan-adhesion = 失粘
scan-lone-level = 犯孤平
scan-three-level = 三平尾
scan-three-oblique = 三仄尾
scan-rhyme = 出韵
scan-repeated-rhyme = 重韵
