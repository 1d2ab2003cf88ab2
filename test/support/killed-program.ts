import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'

/** Runs a program, kills it so long after its first words, and gives the lines that it had written. */
export async function linesUntilKilled(program: URL, args: readonly string[], afterMs: number): Promise<string[]> {
  const child = spawn(process.execPath, ['--conditions=@halibut-gateway/source', '--import', 'tsx', fileURLToPath(program), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', chunk => {
    text += chunk
  })
  const closed = once(child, 'close')
  await Promise.race([once(child.stdout, 'data'), closed])
  await pause(afterMs)
  child.kill('SIGKILL')
  expect((await closed)[1]).toBe('SIGKILL')
  // What comes after the last line break was cut off in the middle.
  return text.split('\n').slice(0, -1)
}
