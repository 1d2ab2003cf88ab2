import { signal } from '@preact/signals'

/** How long the data streams of answers took to come, in milliseconds, by the number of the call. */
export const streamed = signal<ReadonlyMap<number, number>>(new Map())
