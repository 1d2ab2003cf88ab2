import type { ComponentChildren } from 'preact'
import { connectNow } from '../gateway-state.ts'

/** The page when there is nothing to show: why, and what to do. */
export function Notice(props: { title: string; busy?: boolean | undefined; reconnect?: boolean; children?: ComponentChildren }) {
  return (
    <main class="notice" aria-busy={props.busy}>
      {props.busy && <span class="spinner" aria-hidden="true" />}
      <h1>{props.title}</h1>
      {props.children && <p>{props.children}</p>}
      {props.reconnect && (
        <button type="button" class="primary" onClick={connectNow}>
          Try again now
        </button>
      )}
    </main>
  )
}
