import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import ts from 'typescript'
import { expect, expectTypeOf, test } from 'vitest'
import type { useClients } from '../support/hover-example.ts'

const repository = resolve(import.meta.dirname, '../..')
const file = join(repository, 'test/support/hover-example.ts')
const text = readFileSync(file, 'utf8')
const opened = { text, version: 1 }
const editor = openEditor()

/** What an editor shows over the `nth` place in the example where `words` stand, at their last word. */
function hover(words: string, nth = 0): { shown: string; documentation: string; tags: string[] } {
  const info = editor.getQuickInfoAtPosition(file, place(words, nth) - 1)
  return {
    shown: ts.displayPartsToString(info?.displayParts).replaceAll(/\s+/g, ' '),
    documentation: ts.displayPartsToString(info?.documentation),
    tags: (info?.tags ?? []).map(tag => `${tag.name} ${ts.displayPartsToString(tag.text)}`),
  }
}

/** What an editor shows of the parameters while a call is written. */
function help(words: string): string[] {
  const [item] = editor.getSignatureHelpItems(file, place(words, 0) + 1, undefined)?.items ?? []
  return (item?.parameters ?? []).map(parameter => ts.displayPartsToString(parameter.displayParts))
}

/** Behind the words. */
function place(words: string, nth: number): number {
  let at = text.indexOf(words)
  for (let i = 0; i < nth; i++) at = text.indexOf(words, at + 1)
  if (at < 0) throw new Error(`the example does not say ${words}`)
  return at + words.length
}

test('the example compiles', () => {
  expectTypeOf<typeof useClients>().returns.resolves.toBeVoid()
  const found = [...editor.getSyntacticDiagnostics(file), ...editor.getSemanticDiagnostics(file)]
  expect(found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([])
})

test('a parameter with a usual name, or with one that was added, shows under it', () => {
  expect(hover('files.Put').shown).toBe(
    '(property) Put: (name: string, content: DataStream, widgetId?: string | undefined, options?: CallTimes | undefined) => Promise<void>',
  )
  expect(help('files.Put')).toEqual([
    'name: string',
    'content: DataStream',
    'widgetId?: string | undefined',
    'options?: CallTimes | undefined',
  ])
})

test('any other parameter shows its name and its type, and what may be null stays so', () => {
  expect(help('files.Rare')).toEqual([
    'args_0: Parameter<"quux", string>',
    'args_1: Parameter<"frob", { readonly Name: string; }> | null | undefined',
    'args_2: Parameter<"sure", boolean>',
    'options?: CallTimes | undefined',
  ])
})

test('what the contract says of a method and its parameters shows too', () => {
  expect(hover('files.Add').shown).toBe(
    '(property) Add: (this: About<"Adds two numbers.">, a: Described<number | bigint, "the first">, ' +
      'args_1: Described<Parameter<"addend", number | bigint>, "the second">, options?: CallTimes | undefined) => Promise<bigint>',
  )
})

test('a comment above a method of the contract shows where it is called', () => {
  const { documentation, tags } = hover('files.Put')
  expect(documentation).toBe('Stores a file.')
  expect(tags).toEqual(['param name its name, without a path'])
})

test('the client of a page shows the same', () => {
  expect(hover('remote.Put')).toMatchObject({
    shown:
      '(property) Put: (name: string, content: UploadSource, widgetId?: string | undefined, options?: CallOptions | undefined) => Promise<void>',
    documentation: 'Stores a file.',
  })
})

test('an argument that does not fit is told with the name of its parameter', () => {
  opened.text = text.replace("files.Rare('x', null, true)", 'files.Rare(5, null, true)')
  opened.version++
  const [found] = editor.getSemanticDiagnostics(file)
  expect(ts.flattenDiagnosticMessageText(found?.messageText, '\n')).toContain(
    `'number' is not assignable to parameter of type 'Parameter<"quux", string>'`,
  )
})

/** The example as an editor has it open. */
function openEditor(): ts.LanguageService {
  const { config } = ts.readConfigFile(join(repository, 'test/tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, { ...ts.sys, readDirectory: () => [] }, join(repository, 'test'))
  const { fileExists, readFile, readDirectory, directoryExists, getDirectories, realpath } = ts.sys
  return ts.createLanguageService({
    fileExists,
    readFile,
    readDirectory,
    directoryExists,
    getDirectories,
    ...(realpath ? { realpath } : {}),
    getCompilationSettings: () => options,
    getScriptFileNames: () => [file],
    getScriptVersion: name => (name === file ? String(opened.version) : '1'),
    getScriptSnapshot: name => {
      const found = name === file ? opened.text : ts.sys.readFile(name)
      return found === undefined ? undefined : ts.ScriptSnapshot.fromString(found)
    },
    getCurrentDirectory: () => repository,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
  })
}
