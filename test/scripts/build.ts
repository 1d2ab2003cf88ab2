import { join, resolve } from 'node:path'
import { buildIfNeeded } from './build-stamp.ts'
import { run } from './jobs.ts'

/**
 * `npm run build`: compiles the packages, packs the client and makes the page. Nothing is done where all of that is there and nothing that
 * it is made of has changed. What is there is not trusted where it is not what the last build made: then all of it is made anew.
 */
const root = resolve(import.meta.dirname, '../..')
process.chdir(root)
const env = {
  ...process.env,
  PATH: `${join(root, 'node_modules/.bin')}${process.platform === 'win32' ? ';' : ':'}${process.env['PATH'] ?? ''}`,
}

/** What vite puts into the page. */
const environment = Object.entries(process.env).filter(([name]) => name === 'NODE_ENV' || name.startsWith('VITE_'))

try {
  await buildIfNeeded({
    root,
    inputs: [
      'package.json',
      'tsconfig.json',
      'LICENSE',
      'node_modules/.package-lock.json',
      'schemas',
      'client-sdk',
      'server',
      'test/scripts',
    ],
    // Documents of the schemas go into the client's package.
    ignored: path => (path.endsWith('.md') && !path.startsWith('schemas/')) || path === 'client-sdk/examples',
    settings: [process.version, process.platform, ...environment.map(([name, value]) => `${name}=${value}`).toSorted()],
    outputs: [
      'schemas/dist',
      'client-sdk/dist',
      'client-sdk/lib',
      'client-sdk/LICENSE',
      'schemas/LICENSE',
      'server/LICENSE',
      'server/dist',
      'server/dist-demo',
      'server/inspector/dist',
    ],
    stamp: 'node_modules/.cache/halibut-gateway/build.json',
    run: async anew => {
      // On stderr: what packs the client reads the other one.
      console.error(anew ? 'building, which takes a quarter of a minute' : 'building what has changed')
      const compile = `tsc -b ${anew ? '--force ' : ''}schemas client-sdk server server/demo server/inspector`
      for (const command of [compile, 'tsx test/scripts/pack-client.ts', 'npm run --silent build -w server/inspector']) {
        const code = await run(command, env)
        if (code !== 0) throw new Error(`${command} ended with exit code ${code}`)
      }
    },
  })
} catch (error) {
  console.error(`the build failed: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
