import { expect, test } from 'vitest'
import { columns } from '../../../../server/src/cli/columns.ts'

test('columns are as wide as their widest cell, and no cell ends its line or moves the cursor', () => {
  expect(
    columns(
      ['ID', 'STATE', 'REASON'],
      [
        ['web-1', 'connected', 'answers\nprobes'],
        ['a', 'offline', '\u001b[2Jgone'],
      ],
    ),
  ).toBe(`ID     STATE      REASON
web-1  connected  answers probes
a      offline     [2Jgone`)
})
