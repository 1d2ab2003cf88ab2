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

test.each(['=1+1', '+1+1', '-1+1', '@A1', '\t=1', '\r=1', '\n=1', '\uff1d1+1', '\uff20A1', '-1e', '- 1'])(
  '%j is no formula for a spreadsheet',
  text => {
    expect(rowsAsCsv([{ agent: 'a', state: 's', durationMs: 1, group: 1, errorKind: '', errorMessage: text, value: undefined }])).toContain(
      `'${text}`,
    )
  },
)

test('a number stays one', () => {
  const row = { agent: 'a', state: 's', durationMs: 1, group: 1, errorKind: undefined, errorMessage: undefined }
  expect(rowsAsCsv([-5, 1e21, -1.5].map(value => ({ ...row, value }))).split('\r\n')).toEqual([
    expect.any(String),
    'a,s,1,1,,,-5',
    'a,s,1,1,,,1e+21',
    'a,s,1,1,,,-1.5',
    '',
  ])
})
