// Who may import what. A place may always import itself; everything else it may import is listed in its row:
// a folder or file of this repository, `types:` and a folder for types alone, `npm:` and a package, or `node:*`.
// The longest matching place decides. `npm run check` runs this table, and fails when it saw no module.

// What `contract.ts` is made of: free of every package, so that a page can import a contract for nothing.
const contractFiles = [
  'collections',
  'contract-builders',
  'contract-check',
  'contract-clients',
  'contract-definition-check',
  'contract-findings',
  'contract-labels',
  'contract-marks-check',
  'contract-missing-values',
  'contract-pattern',
  'contract-pattern-parser',
  'contract-type-builders',
  'contract-type-check',
  'contract-types',
  'contract-warnings',
].map(name => `schemas/src/${name}.ts`)
// What runs saved calls and judges what came of them: pure, the same in the page and on the command line.
const collectionFiles = [
  'collection-check',
  'collection-content',
  'collection-path',
  'collection-pattern',
  'collection-problems',
  'collection-run',
  'collection-variables',
  'collection-verdicts',
  'exact-json',
].map(name => `schemas/src/${name}.ts`)
const runtimeRow = [
  'server/src/base',
  'server/src/codec',
  'server/src/exchange',
  // Of sockets it knows what they are called in errors, how a certificate is told, and that somebody says where they may go.
  'server/src/socket/destinations.ts',
  'server/src/socket/errno.ts',
  'server/src/socket/thumbprint.ts',
  'schemas/src',
  'npm:node-forge',
  'node:*',
]
const everyLayer = ['server/src', 'schemas/src', 'node:*']

/** @type {Record<string, string[]>} */
const importTable = {
  'schemas/src': ['npm:@sinclair/typebox'],
  'schemas/src/wire': ['schemas/src/contract-types.ts'],
  'schemas/src/contract.ts': contractFiles,
  ...Object.fromEntries(contractFiles.map(file => [file, contractFiles])),
  // Whether a default is a value of its type is known where values are converted.
  'schemas/src/contract-marks-check.ts': [...contractFiles, 'schemas/src/wire'],
  ...Object.fromEntries(
    collectionFiles.map(file => [
      file,
      [
        ...collectionFiles,
        'schemas/src/contract-findings.ts',
        'schemas/src/contract-pattern-parser.ts',
        'schemas/src/wire',
        'types:schemas/src',
      ],
    ]),
  ),
  'client-sdk/src': ['schemas/src/wire', 'schemas/src/contract.ts', 'types:schemas/src'],
  'client-sdk/src/react': ['client-sdk/src', 'schemas/src/wire', 'types:schemas/src', 'npm:react'],
  'server/src/base': ['schemas/src', 'node:*'],
  'server/src/socket': ['server/src/base', 'schemas/src', 'node:*'],
  'server/src/codec': ['server/src/base', 'schemas/src', 'npm:bson', 'node:*'],
  'server/src/exchange': ['server/src/base', 'server/src/codec', 'schemas/src', 'node:*'],
  'server/src/runtime': runtimeRow,
  // Connections begin in two places of the runtime.
  'server/src/runtime/connections.ts': [...runtimeRow, 'server/src/socket', 'server/src/runtime'],
  'server/src/runtime/ports.ts': [...runtimeRow, 'server/src/socket', 'server/src/runtime'],
  // What stands between callers and connections: it knows neither, but for the words in which failures are told, and can read no message.
  'server/src/runtime/queue': [
    'server/src/base',
    'types:server/src/codec',
    'types:server/src/exchange',
    'server/src/runtime/call-failures.ts',
    'server/src/runtime/dotnet-exception.ts',
    'server/src/runtime/waiting-calls.ts',
    'schemas/src',
  ],
  'server/src/access': ['server/src/base', 'types:server/src/store', 'schemas/src', 'npm:@sinclair/typebox', 'npm:jose', 'node:*'],
  'server/src/fleet': ['server/src/base', 'server/src/runtime', 'types:server/src/store', 'schemas/src', 'node:*'],
  'server/src/attention': ['server/src/base', 'server/src/fleet', 'types:server/src/store', 'schemas/src'],
  // It looks at each step of a connection by itself.
  'server/src/doctor': ['server/src/base', 'server/src/socket', 'server/src/runtime', 'server/src/fleet', 'schemas/src', 'node:*'],
  'server/src/rpc': [
    'server/src/base',
    'server/src/access',
    'server/src/runtime',
    'server/src/fleet',
    'server/src/doctor',
    'server/src/attention',
    'server/src/audit',
    'types:server/src/store',
    'schemas/src',
    'npm:@sinclair/typebox',
    'node:*',
  ],
  'server/src/telemetry': [
    'server/src/base',
    'server/src/fleet',
    'types:server/src/attention',
    'types:server/src/rpc',
    'types:server/src/runtime',
    'schemas/src',
    'npm:@opentelemetry/api',
    'npm:pino',
    'npm:pino-pretty',
    'npm:prom-client',
    'node:*',
  ],
  'server/src/gateway': [
    'server/src/base',
    'server/src/access',
    'server/src/runtime',
    'server/src/fleet',
    'server/src/attention',
    'server/src/rpc',
    'server/src/telemetry',
    'server/src/store',
    'server/src/audit',
    'schemas/src',
    'npm:@sinclair/typebox',
    'npm:fastify',
    'npm:fastify-plugin',
    'npm:@fastify/cors',
    'npm:@fastify/helmet',
    'npm:@fastify/rate-limit',
    'npm:@fastify/static',
    'npm:@fastify/websocket',
    'npm:jose',
    'npm:openid-client',
    'npm:ws',
    'node:*',
  ],
  'server/src/store': ['server/src/base', 'schemas/src', 'npm:libsql', 'node:*'],
  // Its signed heads leave the machine.
  'server/src/audit': ['server/src/base', 'server/src/socket', 'server/src/store', 'schemas/src', 'node:*'],
  'server/src/tentacle': ['server/src/base', 'server/src/runtime', 'schemas/src', 'node:*'],
  'server/src/cli': [...everyLayer, 'client-sdk/src', 'npm:commander', 'npm:ws'],
  'server/src/settings': [...everyLayer, 'npm:@sinclair/typebox'],
  'server/src/main.ts': everyLayer,
  'server/src/index.ts': everyLayer,
  'server/demo': everyLayer,
  'server/inspector/src': ['client-sdk/src', 'schemas/src', 'npm:preact', 'npm:@preact/signals', 'npm:@tanstack/virtual-core'],
  // The editor comes when somebody looks at JSON, and is no part of the first load.
  'server/inspector/src/groups/json-editor': [
    'server/inspector/src/values',
    'schemas/src',
    'npm:@codemirror/autocomplete',
    'npm:@codemirror/commands',
    'npm:@codemirror/lang-json',
    'npm:@codemirror/language',
    'npm:@codemirror/lint',
    'npm:@codemirror/state',
    'npm:@codemirror/view',
    'npm:@lezer/highlight',
  ],
}

const places = Object.keys(importTable)
const escapeRegExp = text => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
const inside = place => (place.endsWith('.ts') ? `^${escapeRegExp(place)}$` : `^${escapeRegExp(place)}/`)
const inPackage = name => `(^|/)node_modules/(@types/)?${escapeRegExp(name)}/`
const listed = (entries, prefix) => entries.filter(entry => entry.startsWith(prefix)).map(entry => entry.slice(prefix.length))

const rows = places.flatMap(place => {
  const entries = importTable[place] ?? []
  const deeper = places.filter(other => other !== place && other.startsWith(`${place}/`)).map(inside)
  const from = { path: inside(place), ...(deeper.length > 0 && { pathNot: deeper }) }
  const folders = [place, ...entries.filter(entry => !entry.includes(':'))].map(inside)
  const forTypes = listed(entries, 'types:').map(inside)
  const packages = listed(entries, 'npm:').map(inPackage)
  const rule = (about, to) => ({ name: `${place}: ${about}`, severity: 'error', from, to })
  return [
    rule('imports only what its row lists', {
      dependencyTypesNot: ['core', 'unknown', 'undetermined', ...(forTypes.length > 0 ? ['type-only'] : [])],
      pathNot: [...folders, ...packages],
    }),
    ...(forTypes.length > 0
      ? [rule('imports only types from there', { dependencyTypes: ['type-only'], pathNot: [...folders, ...packages, ...forTypes] })]
      : []),
    ...(entries.includes('node:*') ? [] : [rule('runs without Node', { dependencyTypes: ['core'] })]),
  ]
})

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...rows,
    {
      name: 'every place has a row',
      severity: 'error',
      from: { path: '^(schemas/src|client-sdk/src|server/src|server/demo|server/inspector/src)/', pathNot: places.map(inside) },
      to: {},
    },
    { name: 'no cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'every import resolves', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'only server/src/socket opens sockets',
      severity: 'error',
      from: { pathNot: inside('server/src/socket') },
      to: { dependencyTypes: ['core'], path: '^(node:)?(net|tls)$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@halibut-gateway/source', 'import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
    },
  },
}
