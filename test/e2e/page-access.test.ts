import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPageFleet, type PageFleet } from '../support/page-fleet.ts'
import { looks } from '../support/page-looks.ts'
import { createWalk, type Walk } from '../support/page-walk.ts'
import { idle, launchBrowser } from '../support/page-world.ts'

let browser: Browser
let fleet: PageFleet
let walk: Walk
beforeAll(async () => {
  browser = await launchBrowser()
  fleet = await createPageFleet()
  walk = createWalk(browser, fleet)
}, 120_000)
afterAll(async () => {
  await walk[Symbol.asyncDispose]()
  await fleet[Symbol.asyncDispose]()
  await browser.close()
})

/** What axe finds: each rule with the elements that break it. */
async function findings(page: Page, rules?: readonly string[]): Promise<readonly unknown[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source)
  return page.evaluate(async only => {
    const { axe: run } = globalThis as unknown as { axe: typeof axe }
    const options = { resultTypes: ['violations' as const], preload: false, ...(only && { runOnly: [...only] }) }
    const { violations } = await run.run(document, options)
    return violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)])
  }, rules)
}

test.each(looks.map(look => [look.name, look] as const))(
  'axe finds nothing in %s, in light and in dark, it has one heading of its own, and it fits a phone',
  { timeout: 60_000 },
  async (_name, look) => {
    const page = await walk.show(look)
    expect(await page.locator('h1').count()).toBe(1)
    expect(await findings(page)).toEqual([])
    // In the other colours only colours are others.
    await page.emulateMedia({ colorScheme: 'dark' })
    await idle(page)
    expect(await findings(page, ['color-contrast'])).toEqual([])
    await page.emulateMedia({ colorScheme: 'light' })
    // On a phone nothing is wider than the screen.
    await page.setViewportSize({ width: 360, height: 740 })
    await idle(page)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
    await page.setViewportSize({ width: 1280, height: 720 })
    // Of a wrong token the browser complains by itself.
    expect(walk.problems.filter(problem => !problem.includes('401 (Unauthorized)'))).toEqual([])
  },
)
