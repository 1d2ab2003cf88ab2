import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'

/** Where Debian puts the one that has no windows: it starts sooner, and does what tests ask of a browser. */
export const headlessShell = '/usr/bin/chromium-headless-shell'

/** Where systems put a Chromium or Chrome. */
const knownPaths = [
  headlessShell,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

/** The path of a Chromium: `CHROMIUM_PATH`, else a known place, else the one that Playwright installed; `undefined` when there is none. */
export function findChromium(): string | undefined {
  return [process.env['CHROMIUM_PATH'] ?? '', ...knownPaths, chromium.executablePath()].find(path => path !== '' && existsSync(path))
}

/** The same for a test that cannot do without. Throws with what to do when there is none. */
export function chromiumPath(): string {
  const path = findChromium()
  if (path === undefined) throw new Error('no Chromium was found: install one, or name it in CHROMIUM_PATH')
  return path
}

/** How a test starts it: without a sandbox, which a container has not, and without traffic of its own. */
export const chromiumArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
] as const
