import { existsSync } from 'node:fs'
import { findChromium } from '../support/chromium.ts'
import { run } from './jobs.ts'

/**
 * Finds a Chromium, or installs one: from the system's packages where we may, else through Playwright.
 * Resolves with its path, or `undefined` when every way failed (the tests that need it then say so).
 */
export async function provideChromium(): Promise<string | undefined> {
  for (const command of ways()) {
    const found = findChromium()
    if (found !== undefined) return found
    console.log(`no Chromium yet: ${command}`)
    await run(command, { ...process.env, DEBIAN_FRONTEND: 'noninteractive' })
  }
  return findChromium()
}

function ways(): string[] {
  const apt = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')
  return [
    ...(apt ? ['apt-get -q update && apt-get -q install -y --no-install-recommends chromium'] : []),
    'npx playwright-core install chromium',
  ]
}
