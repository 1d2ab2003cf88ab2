import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { rolldown } from 'rolldown'
import { innerNames } from './inner-names.ts'

/**
 * Makes of the compiled SDK what is published, in `client-sdk/lib`: one file without imports for each entry, and declarations that need no
 * other package, since those of the schemas stand beside them.
 */
const sdk = resolve(import.meta.dirname, '../../client-sdk')
const schemas = resolve(sdk, '../schemas')
const lib = join(sdk, 'lib')
const types = join(lib, 'types')

rmSync(lib, { recursive: true, force: true })
for (const entry of ['index', 'contract', 'react', 'retry', 'testing']) {
  const bundle = await rolldown({
    input: join(sdk, `src/${entry}.ts`),
    platform: 'neutral',
    external: ['react'],
    resolve: { conditionNames: ['@halibut-gateway/source'] },
    treeshake: { propertyReadSideEffects: false },
  })
  await bundle.write({
    file: join(lib, `${entry}.js`),
    format: 'esm',
    sourcemap: true,
    // `sideEffects: false` says already that nothing runs at the import of this module.
    comments: { annotation: false },
    minify: {
      compress: true,
      mangle: { toplevel: true },
      ...(entry === 'index' ? { mangleProps: { include: new RegExp(`^(${innerNames.join('|')})$`) } } : {}),
    },
  })
}
copyDeclarations(join(sdk, 'dist'), join(types, 'client'))
copyDeclarations(
  join(schemas, 'dist'),
  join(types, 'schemas'),
  file => /^(wire\/|contract|collections)/.test(file) && !/^contract-schema/.test(file),
)
// npm takes the licence into a package from the package’s own folder alone.
for (const folder of ['client-sdk', 'schemas', 'server']) cpSync(resolve(sdk, '../LICENSE'), resolve(sdk, '..', folder, 'LICENSE'))
// What the README leads to has to be in the package as well.
for (const document of ['PROTOCOL.md', 'CONTRACTS.md', 'REST.md']) cpSync(join(schemas, document), join(lib, 'docs', document))

function copyDeclarations(from: string, to: string, wanted: (file: string) => boolean = () => true): void {
  for (const file of readdirSync(from, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.d.ts') || !wanted(file)) continue
    const target = join(to, file)
    const toSchemas = relative(dirname(target), join(types, 'schemas'))
    const text = readFileSync(join(from, file), 'utf8')
      .replaceAll("'@halibut-gateway/schemas/wire'", `'${toSchemas}/wire/index.js'`)
      .replaceAll("'@halibut-gateway/schemas/contract'", `'${toSchemas}/contract.js'`)
      // Declarations name the sources; what is published are modules.
      .replaceAll(/(from '\.{1,2}\/[^']*)\.ts'/g, "$1.js'")
      .replaceAll(/\n?\/\/# sourceMappingURL=.*\n?/g, '\n')
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, text)
  }
}
