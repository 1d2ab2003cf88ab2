import { existsSync, readFileSync } from 'node:fs'
import { findChromium, headlessShell } from '../support/chromium.ts'
import { run } from './jobs.ts'
import { aptInstall } from './system-packages.ts'

/**
 * Finds a Chromium, or installs one: from the system's packages where we may, else through Playwright. On Debian that is the one without windows,
 * also beside another one: tests take two thirds of the time with it.
 * Resolves with its path, or `undefined` when every way failed (the tests that need it then say so).
 */
export async function provideChromium(): Promise<string | undefined> {
  const shell =
    process.env['CHROMIUM_PATH'] || existsSync(headlessShell) || !isDebian() ? undefined : aptInstall(['chromium-headless-shell'])
  if (shell !== undefined) {
    console.log(`no Chromium without windows yet: ${shell}`)
    await run(shell)
  }
  for (const command of ways()) {
    const found = findChromium()
    if (found !== undefined) return found
    console.log(`no Chromium yet: ${command}`)
    await run(command)
  }
  return findChromium()
}

function ways(): string[] {
  const apt = aptInstall(['chromium'])
  return [...(apt === undefined ? [] : [apt]), 'npx playwright-core install chromium']
}

/** Others have no such package, and would look for it at every run. */
function isDebian(): boolean {
  return existsSync('/etc/os-release') && /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'))
}
