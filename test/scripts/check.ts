import { runJobs } from './jobs.ts'

/** All that can be said about the sources without running them. */
process.exitCode = await runJobs([
  { name: 'format and lint', command: 'biome check --error-on-warnings .' },
  { name: 'types', command: 'tsc -b' },
  { name: 'import table', command: 'tsx test/scripts/import-table.ts' },
  { name: 'unused code', command: 'knip' },
  { name: 'page size', command: 'tsx test/scripts/page-size.ts' },
])
