scan-first-rhymes = first line rhymes
scan-first-open = first line does not rhyme
scan-no-form = <b>In no form</b>
scan-legend = ○ level · ● oblique · ◐ either · ◎ rhyme
scan-faultless = ✓ Tones and rhyme are in order.
scan-problem = ✗ Line { $line }, character { $position }, <b>{ $char }</b>: { $reason }
scan-format = not the length of a form's line
scan-unknown = no reading is known
scan-tone = { $wants ->
        [level] should be level
       *[oblique] should be oblique
    }
scan-opposition = should oppose the line before (失對)
scan-adhesion = should go with the line before (失粘)
scan-lone-level = leaves a lone level tone (孤平)
scan-three-level = ends the line in three level tones (三平尾)
scan-three-oblique = ends the line in three oblique tones (三仄尾)
scan-rhyme = does not rhyme
scan-repeated-rhyme = is a rhyme used before
