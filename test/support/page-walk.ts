import type { Browser, Page } from 'playwright-core'
import type { PageFleet } from './page-fleet.ts'
import { type Look, looks } from './page-looks.ts'
import { createPageWorld, idle, type OpenedPage, type PageWorld } from './page-world.ts'

const longestMs = 180_000

/** Goes from look to look, with one page for each who looks. Its pages are closed with the fleet. */
export interface Walk extends AsyncDisposable {
  /** What the browsers complained about so far. */
  readonly problems: readonly string[]
  /** Shows it, and gives the page when that is idle. */
  show(look: Look): Promise<Page>
}

/** A walk through the pages of a fleet, and of a gateway that has just been started. */
export function createWalk(browser: Browser, fleet: PageFleet): Walk {
  const pages = new Map<string, OpenedPage>()
  /** Pages that something was done in, so that they are not as they come. */
  const used = new Set<Page>()
  let empty: PageWorld | undefined
  let last: Look | undefined

  async function pageOf(world: PageWorld, as: Look['as']): Promise<Page> {
    const key = `${world.url} ${as}`
    const token = as === undefined ? world.token : as === 'nobody' ? '' : fleet[as]
    const opened = pages.get(key) ?? (await world.open(browser, '', { token }))
    pages.set(key, opened)
    return opened.page
  }

  async function show(look: Look): Promise<Page> {
    const before = looks.find(({ name }) => name === look.after)
    if (before && before !== last) await show(before)
    const isNew = before !== undefined || looks.some(({ after }) => after === look.name)
    if (isNew) empty ??= await createPageWorld({ isEmpty: true })
    const world = isNew && empty ? empty : fleet
    const page = await pageOf(world, look.as)
    if (!before) {
      if (used.delete(page)) await page.goto('about:blank')
      await page.goto(`${world.url}${look.place}`)
      await idle(page)
    }
    if (look.arrange) {
      used.add(page)
      await look.arrange(page, world)
    }
    // An agent that was turned away comes back after a while, and that while grows.
    await page.locator(look.ready).first().waitFor({ timeout: longestMs })
    await idle(page)
    last = look
    return page
  }

  return {
    get problems() {
      return [...pages.values()].flatMap(({ problems }) => problems)
    },
    show,
    async [Symbol.asyncDispose]() {
      await empty?.[Symbol.asyncDispose]()
    },
  }
}
