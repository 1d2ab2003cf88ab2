// npm run bench [-- --json] [-- --only <part of a name>] [-- --quick] [-- --no-build]
import { spawnSync } from 'node:child_process'
import { arch, cpus, platform } from 'node:os'
import { stopAllPeers } from './peer.ts'
import { compete, type Result, reachesFloor } from './rounds.ts'
import { rows } from './rows.ts'

const args = process.argv.slice(2)
const json = args.includes('--json')
const rounds = args.includes('--quick') ? 3 : 9
const only = args.includes('--only') ? (args[args.indexOf('--only') + 1] ?? '') : ''

// What is measured is the compiled product, so it has to be that of these sources.
if (!args.includes('--no-build')) {
  const { status, stdout } = spawnSync('npx', ['tsc', '-b', 'schemas', 'client-sdk', 'server'], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the product does not compile:\n${stdout}`)
}

const results: Result[] = []
const failures: string[] = []
if (!json) {
  console.log(`Node ${process.version}, ${platform()} ${arch()}, ${cpus().length} processors, ${rounds} rounds\n`)
  console.log('| row | ratio | floor | aim | ours | rival | rounds |\n| --- | --- | --- | --- | --- | --- | --- |')
}
try {
  for (const row of rows.filter(({ name }) => name.includes(only))) {
    try {
      const result = await compete(row, rounds)
      results.push(result)
      if (!json) console.log(line(result))
    } catch (why) {
      // The others are still worth knowing; the exit code tells.
      failures.push(`${row.name}: ${why instanceof Error ? why.message : String(why)}`)
      if (!json) console.log(`| ${row.name} | not measured | ${row.floor ?? ''} | ${row.aim ?? ''} | | | |`)
    }
  }
} finally {
  stopAllPeers()
}
if (json) console.log(JSON.stringify(results.map(({ ours: _ours, rival: _rival, ...rest }) => rest)))
for (const failure of failures) console.error(failure)
const below = results.filter(result => !reachesFloor(result))
if (!json && below.length > 0) console.log(`\nbelow the floor: ${below.map(({ name }) => name).join(', ')}`)
process.exitCode = failures.length > 0 || results.length === 0 ? 1 : 0

function line(result: Result): string {
  const mark = reachesFloor(result) ? '' : ' (missed)'
  const ceiling = result.lowerIsBetter && result.floor !== undefined ? '≤ ' : ''
  const floor = `${ceiling}${result.floor ?? ''}`
  const spread = `${Math.min(...result.rounds)} to ${Math.max(...result.rounds)}`
  return `| ${result.name} | ${result.ratio}${mark} | ${floor} | ${result.aim ?? ''} | ${result.ours} | ${result.rival} | ${spread} |`
}
