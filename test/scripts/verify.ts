import { runJobs } from './jobs.ts'

/** All that continuous integration does, on the Node that runs it. */
process.exitCode = await runJobs([
  { name: 'check', command: 'npm run check' },
  { name: 'test', command: 'npm test' },
  { name: 'bench', command: 'npm run bench' },
])
