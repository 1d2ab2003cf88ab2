import { runAsProcess } from '../../server/src/cli/process.ts'

/** The command line as a process of its own, from its sources. */
await runAsProcess(process.argv.slice(2))
