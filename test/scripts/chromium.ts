import { findChromium } from '../support/chromium.ts'
import { run } from './jobs.ts'
import { aptInstall } from './system-packages.ts'

/**
 * Finds a Chromium, or installs one: from the system's packages where we may, else through Playwright.
 * Resolves with its path, or `undefined` when every way failed (the tests that need it then say so).
 */
export async function provideChromium(): Promise<string | undefined> {
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
