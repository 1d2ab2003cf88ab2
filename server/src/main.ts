import { runAsProcess } from './cli/process.ts'

/** What `npm start` runs: the demo. */
await runAsProcess(['demo', ...process.argv.slice(2)])
