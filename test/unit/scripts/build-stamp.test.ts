import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type BuildPlan, buildIfNeeded } from '../../scripts/build-stamp.ts'

/** A tree with two sources, whose build copies `pack/src` to `pack/dist`; tells how it was built. */
function createTree(settings: readonly string[] = []) {
  const root = mkdtempSync(join(tmpdir(), 'build-stamp-'))
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  for (const [path, text] of Object.entries({
    'package.json': '{}',
    'pack/src/a.ts': 'a',
    'pack/src/deep/b.ts': 'b',
    'pack/tsconfig.json': '{}',
    'pack/README.md': 'read me',
    'pack/node_modules/other/index.js': 'other',
  }))
    write(path, text)
  const builds: string[] = []
  const plan: BuildPlan = {
    root,
    inputs: ['package.json', 'not-there.json', 'pack'],
    ignored: path => path.endsWith('.md'),
    settings,
    outputs: ['pack/dist'],
    stamp: 'cache/build.json',
    run: async anew => {
      builds.push(anew ? 'anew' : 'what changed')
      cpSync(join(root, 'pack/src'), join(root, 'pack/dist'), { recursive: true })
    },
  }
  return {
    root,
    write,
    plan,
    builds,
    build: (changed: Partial<BuildPlan> = {}) => buildIfNeeded({ ...plan, ...changed }),
    [Symbol.dispose]: () => rmSync(root, { recursive: true }),
  }
}

test('the first build makes everything, the second nothing, also where files were touched or documents changed', async () => {
  using tree = createTree()
  await tree.build()
  expect(tree.builds).toEqual(['anew'])
  const now = new Date()
  for (const path of ['pack/src/a.ts', 'pack/dist/a.ts', 'package.json']) utimesSync(join(tree.root, path), now, now)
  tree.write('pack/README.md', 'read me again')
  tree.write('pack/node_modules/other/index.js', 'another')
  tree.write('elsewhere/c.ts', 'c')
  expect(await tree.build()).toBe('nothing to do')
  expect(tree.builds).toEqual(['anew'])
})

const edits: Readonly<Record<string, (tree: ReturnType<typeof createTree>) => void>> = {
  'a source is edited': tree => tree.write('pack/src/a.ts', 'A'),
  'a source is edited and keeps its time': tree => {
    const time = new Date(1_000_000)
    tree.write('pack/src/a.ts', 'A')
    utimesSync(join(tree.root, 'pack/src/a.ts'), time, time)
  },
  'a source deep down is edited': tree => tree.write('pack/src/deep/b.ts', 'B'),
  'a source is added': tree => tree.write('pack/src/c.ts', ''),
  'a source is removed': tree => rmSync(join(tree.root, 'pack/src/deep/b.ts')),
  'a source is renamed': tree => renameSync(join(tree.root, 'pack/src/a.ts'), join(tree.root, 'pack/src/z.ts')),
  'bytes move from one source to the next': tree => {
    tree.write('pack/src/a.ts', '')
    tree.write('pack/src/deep/b.ts', 'ab')
  },
  'a setting of a package is edited': tree => tree.write('pack/tsconfig.json', '{ }'),
  'the dependencies change': tree => tree.write('package.json', '{ }'),
  'a file that was not there comes': tree => tree.write('not-there.json', ''),
}

describe.each(Object.entries(edits))('when %s', (_, edit) => {
  test('what changed is built, once', async () => {
    using tree = createTree()
    await tree.build()
    edit(tree)
    expect(await tree.build()).toBe('inputs changed')
    expect(await tree.build()).toBe('nothing to do')
    expect(tree.builds).toEqual(['anew', 'what changed'])
  })
})

const damages: Readonly<Record<string, (tree: ReturnType<typeof createTree>) => void>> = {
  'an output is edited': tree => tree.write('pack/dist/a.ts', 'mended by hand'),
  'an output is removed': tree => rmSync(join(tree.root, 'pack/dist/deep/b.ts')),
  'all outputs are removed': tree => rmSync(join(tree.root, 'pack/dist'), { recursive: true }),
  'the stamp is lost': tree => rmSync(join(tree.root, 'cache'), { recursive: true }),
  'the stamp is broken': tree => tree.write('cache/build.json', '{"inputs":'),
}

describe.each(Object.entries(damages))('when %s', (_, damage) => {
  test('everything is built anew, and is as it was', async () => {
    using tree = createTree()
    await tree.build()
    damage(tree)
    expect(await tree.build()).toBe('outputs changed')
    expect(tree.builds).toEqual(['anew', 'anew'])
    expect(readFileSync(join(tree.root, 'pack/dist/a.ts'), 'utf8')).toBe('a')
    expect(readFileSync(join(tree.root, 'pack/dist/deep/b.ts'), 'utf8')).toBe('b')
    expect(await tree.build()).toBe('nothing to do')
  })
})

test('another Node or another setting builds', async () => {
  using tree = createTree(['v20'])
  await tree.build()
  expect(await tree.build({ settings: ['v22'] })).toBe('inputs changed')
})

test('a build that failed is not taken for one, and what it left is not trusted', async () => {
  using tree = createTree()
  await tree.build()
  tree.write('pack/src/a.ts', 'A')
  await expect(tree.build({ run: () => Promise.reject(new Error('a: unexpected token')) })).rejects.toThrow('unexpected token')
  expect(await tree.build()).toBe('outputs changed')
  expect(tree.builds).toEqual(['anew', 'anew'])
})

test('what changes while the build runs is built the next time', async () => {
  using tree = createTree()
  await tree.build({
    run: async anew => {
      await tree.plan.run(anew)
      tree.write('pack/src/a.ts', 'later')
    },
  })
  expect(await tree.build()).toBe('inputs changed')
  expect(readFileSync(join(tree.root, 'pack/dist/a.ts'), 'utf8')).toBe('later')
})
