import { type ComponentType, createElement } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Notice } from './notice.tsx'

/** A page whose code comes when it is shown for the first time. `waiting`: what is said meanwhile. */
export function lazily<P extends object>(load: () => Promise<ComponentType<P>>, waiting: string): ComponentType<P> {
  let loaded: ComponentType<P> | undefined
  return function Lazily(props: P) {
    const [page, setPage] = useState<{ readonly its?: ComponentType<P>; readonly hasFailed?: true }>(loaded ? { its: loaded } : {})
    const fetch = (): void => {
      load().then(
        its => {
          loaded = its
          setPage({ its })
        },
        () => setPage({ hasFailed: true }),
      )
    }
    useEffect(() => {
      if (!loaded) fetch()
    }, [])
    if (page.its) return createElement(page.its, props)
    if (!page.hasFailed) return <Notice title={waiting} busy />
    return (
      <Notice title="This part of the page did not come">
        <p>The gateway does not answer, or it was updated meanwhile: then the page has to be loaded again.</p>
        <button type="button" class="primary" onClick={() => location.reload()}>
          Load the page again
        </button>
      </Notice>
    )
  }
}
