import { useSignal } from '@preact/signals'
import {
  defaultRangeExtractor,
  elementScroll,
  observeElementOffset,
  observeElementRect,
  type VirtualItem,
  Virtualizer,
} from '@tanstack/virtual-core'
import type { RefObject } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'

/** The rows of a long list that can be seen, and those just beside them. */
export interface VirtualRows {
  readonly items: readonly VirtualItem[]
  readonly totalHeight: number
  scrollTo(index: number): void
}

/** Of `count` rows, each `rowHeight` pixels high, those that `scroller` shows, and the one at `kept`, which may have the focus. */
export function useVirtualRows(scroller: RefObject<HTMLElement | null>, count: number, rowHeight: number, kept: number): VirtualRows {
  const drawn = useSignal(0)
  const made = useRef<Virtualizer<HTMLElement, Element> | undefined>(undefined)
  const options = {
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 6,
    rangeExtractor: (range: Parameters<typeof defaultRangeExtractor>[0]) => {
      const shown = defaultRangeExtractor(range)
      return kept < 0 || kept >= count || shown.includes(kept) ? shown : [...shown, kept].sort((one, other) => one - other)
    },
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    onChange: () => {
      drawn.value++
    },
  }
  made.current ??= new Virtualizer<HTMLElement, Element>(options)
  const virtual = made.current
  virtual.setOptions(options)
  useLayoutEffect(() => virtual._didMount(), [virtual])
  useLayoutEffect(() => virtual._willUpdate())
  useLayoutEffect(() => virtual.measure(), [virtual, rowHeight])
  void drawn.value
  return {
    items: virtual.getVirtualItems(),
    totalHeight: virtual.getTotalSize(),
    scrollTo: index => virtual.scrollToIndex(index, { align: 'auto' }),
  }
}
