import { useLayoutEffect } from 'preact/hooks'
import { commands } from '../page.ts'
import type { Command, Finder } from './registry.ts'

/** Commands that there are for as long as a component is shown. `inputs`: what they depend on, as of an effect. */
export function useCommands(make: () => readonly Command[], inputs: readonly unknown[] = []): void {
  useLayoutEffect(() => commands.register(make()), inputs)
}

/** The same of something that the palette finds, such as what another store keeps. */
export function useFinder(make: () => Finder, inputs: readonly unknown[] = []): void {
  useLayoutEffect(() => commands.addFinder(make()), inputs)
}
