import type { RefObject } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'

/** The ref of what gets the focus once `state` is another one, where what had it is gone by then. */
export function useFocusAfter<E extends HTMLElement>(state: unknown): RefObject<E | null> {
  const place = useRef<E>(null)
  const before = useRef(state)
  useLayoutEffect(() => {
    if (before.current === state) return
    before.current = state
    const { activeElement, body } = document
    if (activeElement === null || activeElement === body) place.current?.focus()
  }, [state])
  return place
}
