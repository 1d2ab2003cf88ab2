import { expect, test } from 'vitest'
import { rowsAsCsv } from '../../../../server/inspector/src/values/many-export.ts'

test('rows are CSV of RFC 4180, and no cell is a formula', () => {
  const row = { state: 'answered', durationMs: -1, group: 1, errorKind: undefined, errorMessage: undefined }
  expect(
    rowsAsCsv([
      { ...row, agent: 'web-1', value: { a: 'x,"y"\n' } },
      { ...row, agent: '=HYPERLINK("http://evil.example")', value: undefined, errorMessage: '@SUM(A1)' },
    ]),
  ).toBe(
    [
      'agent,state,durationMs,group,errorKind,errorMessage,value',
      String.raw`web-1,answered,-1,1,,,"{""a"":""x,\""y\""\n""}"`,
      `"'=HYPERLINK(""http://evil.example"")",answered,-1,1,,'@SUM(A1),`,
      '',
    ].join('\r\n'),
  )
})
