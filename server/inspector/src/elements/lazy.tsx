import { signal } from '@preact/signals'
import type { ComponentType, VNode } from 'preact'
import { useEffect } from 'preact/hooks'
import { activity } from '../page.ts'
import { Loading } from './loading.tsx'
import { Notice } from './notice.tsx'

/**
 * A part of the page that is loaded when it is first shown: `const Editor = lazy('the editor', () => import('./editor.tsx').then(part => part.Editor))`.
 * `isPage`: it stands in the place of a whole page.
 */
export function lazy<P extends object>(what: string, load: () => Promise<ComponentType<P>>, isPage = false): (props: P) => VNode {
  type State = { at: 'asked' } | { at: 'loaded'; part: ComponentType<P> } | { at: 'failed' }
  const state = signal<State | undefined>(undefined)
  const ask = (): void => {
    state.value = { at: 'asked' }
    void activity.during(
      load().then(
        part => {
          state.value = { at: 'loaded', part }
        },
        () => {
          state.value = { at: 'failed' }
        },
      ),
    )
  }
  return props => {
    useEffect(() => {
      if (state.peek() === undefined) ask()
    }, [])
    const now = state.value
    if (now?.at === 'loaded') {
      const Part = now.part
      return <Part {...props} />
    }
    if (now?.at === 'failed') {
      const text = (
        <>
          <p>The gateway was put in another version while this page was open, or the network is away. Load the page anew.</p>
          <button type="button" class="primary" onClick={() => location.reload()}>
            Load the page anew
          </button>
        </>
      )
      const title = `The page cannot load ${what}`
      return isPage ? (
        <Notice title={title}>{text}</Notice>
      ) : (
        <div class="problem-box" role="alert">
          <p class="message">{title}</p>
          {text}
        </div>
      )
    }
    return isPage ? <Notice title={`Loading ${what}`} busy /> : <Loading what={what} />
  }
}
