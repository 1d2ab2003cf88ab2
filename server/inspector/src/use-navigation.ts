import { useLayoutEffect, useRef } from 'preact/hooks'
import { formatRoute } from './address/route.ts'
import { titleOf } from './address/title.ts'
import { scrollTo } from './browser/scrolling.ts'
import { agents, router, scrolled } from './page.ts'

/** So many frames are waited for what is still to come, such as a part of the page that is loaded first. */
const mostFrames = 120

/**
 * What belongs to going somewhere: the tab says where one is, what is read out begins at the heading of the new page, and who comes back finds it
 * scrolled as it was.
 */
export function useNavigation(): void {
  const route = router.route.value
  const entry = router.entry.value
  const title = titleOf(route, id => agents.get(id)?.name)
  useLayoutEffect(() => {
    document.title = `${title} · Halibut Gateway`
  }, [title])

  /** What one looks at, whatever of it. */
  const [place] = formatRoute(route).split('?')
  const before = useRef<{ readonly place: string | undefined; readonly key: string }>({ place: undefined, key: '' })
  useLayoutEffect(() => {
    const { place: last, key } = before.current
    before.current = { place, key: entry.key }
    if (key === entry.key && last === place) return undefined
    // Whoever opens the page is at its beginning.
    const isElsewhere = last !== undefined && last !== place
    let frames = 0
    let frame = requestAnimationFrame(arrive)
    return () => cancelAnimationFrame(frame)

    function arrive(): void {
      const heading = document.querySelector<HTMLElement>('main:not([aria-busy=true]) h1')
      if (!heading && ++frames < mostFrames) {
        frame = requestAnimationFrame(arrive)
        return
      }
      if (isElsewhere) focusOn(heading)
      if (entry.isReturn) scrollTo(scrolled.of(entry.key) ?? {})
      else if (isElsewhere) window.scrollTo(0, 0)
    }
  }, [place, entry])
}

/** Unless the page has put the focus somewhere itself. */
function focusOn(heading: HTMLElement | null): void {
  if (!heading || document.activeElement?.closest('main, dialog')) return
  heading.tabIndex = -1
  heading.focus({ preventScroll: true })
}
