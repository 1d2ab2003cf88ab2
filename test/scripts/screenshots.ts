import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { CDPSession, Page } from 'playwright-core'
import { createPageFleet } from '../support/page-fleet.ts'
import { type Look, looks } from '../support/page-looks.ts'
import { createWalk } from '../support/page-walk.ts'
import { idle, launchBrowser } from '../support/page-world.ts'
import { mostPictureBytes, pictureName, themes, widths } from '../support/pictures.ts'
import { run } from './jobs.ts'

/**
 * `npm run screenshots [-- --only agents,trust] [-- --to folder]` takes a picture of each page in each theme and width, of a gateway with real agents, and
 * puts them into `test/e2e/screenshots`, or where `--to` says. `--only`: of the looks whose names begin so.
 */
/** Of pictures: how good they are, and how long, in screens. */
const [quality, longest] = [30, 1.1]
const repository = resolve(import.meta.dirname, '../..')
process.chdir(repository)
const { values } = parseArgs({
  options: { only: { type: 'string' }, to: { type: 'string', default: 'test/e2e/screenshots' }, 'no-build': { type: 'boolean' } },
})
const only = values.only?.split(',')
const wanted = looks.filter(({ name }) => only?.some(part => name.startsWith(part)) ?? true)
if (wanted.length === 0) throw new Error(`no look has such a name: ${looks.map(({ name }) => name).join(', ')}`)
const folder = resolve(values.to)

if (!values['no-build'] && (await run('npm run --silent build')) !== 0) throw new Error('the product does not build')
await mkdir(folder, { recursive: true })
// What is not taken any more does not stay.
if (!only) for (const file of await readdir(folder)) if (file.endsWith('.webp')) await rm(join(folder, file))

const browser = await launchBrowser()
const fleet = await createPageFleet()
let bytes = 0
const walk = createWalk(browser, fleet)
try {
  for (const look of wanted) {
    try {
      bytes += await take(look, await walk.show(look))
      console.log(look.name)
    } catch (why) {
      console.error(`${look.name}: ${why instanceof Error ? why.message : String(why)}`)
      process.exitCode = 1
    }
  }
  for (const problem of walk.problems) console.error(`the browser complained: ${problem}`)
} finally {
  await walk[Symbol.asyncDispose]()
  await fleet[Symbol.asyncDispose]()
  await browser.close()
}
console.log(`${wanted.length * themes.length * widths.length} pictures, ${(bytes / 1_048_576).toFixed(1)} MiB, in ${folder}`)
if (!only && bytes > mostPictureBytes) {
  console.error(`that is ${bytes - mostPictureBytes} bytes more than may be kept`)
  process.exitCode = 1
}
// What the agents of this process still wait for is of no interest any more.
process.exit()

/** Gives how many bytes its pictures have. */
async function take(look: Look, page: Page): Promise<number> {
  let sum = 0
  const session = await page.context().newCDPSession(page)
  const before = page.viewportSize()
  for (const [width, height] of widths) {
    await page.setViewportSize({ width, height })
    for (const theme of themes) {
      await page.emulateMedia({ colorScheme: theme })
      await idle(page)
      const picture = await capture(session, page, width, height)
      await writeFile(join(folder, pictureName(look.name, theme, width)), picture)
      sum += picture.length
    }
  }
  if (before) await page.setViewportSize(before)
  await session.detach()
  return sum
}

/** A page that is longer than a screen, but for what is far below. */
async function capture(session: CDPSession, page: Page, width: number, height: number): Promise<Buffer> {
  const whole = await page.evaluate(() => {
    window.scrollTo(0, 0)
    return document.documentElement.scrollHeight
  })
  const clip = { x: 0, y: 0, width, height: Math.min(whole, height * longest), scale: 1 }
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality, clip, captureBeyondViewport: true })
  return Buffer.from(data, 'base64')
}
