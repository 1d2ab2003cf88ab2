import type { Pattern } from './pattern.ts'

/**
 * Patterns by the texts that they may match: a look-up gives lists of places, each in ascending order, of which the others can be no match. A
 * pattern is found by what it begins with, or else by what it ends with; what begins and ends with `*` is in every answer.
 */
export class Postings {
  readonly #exact = new Map<string, number[]>()
  readonly #byPrefix = new PlacesByLength()
  readonly #bySuffix = new PlacesByLength()

  /** The pattern stands at this place; places come in ascending order. */
  add({ isExact, prefix, suffix }: Pattern, place: number): void {
    if (isExact) append(this.#exact, prefix, place)
    else if (prefix === '' && suffix !== '') this.#bySuffix.add(suffix, place)
    else this.#byPrefix.add(prefix, place)
  }

  /** Adds the lists for a text to `lists`. */
  find(text: string, lists: (readonly number[])[]): void {
    const exact = this.#exact.get(text)
    if (exact) lists.push(exact)
    this.#byPrefix.find(text, length => text.slice(0, length), lists)
    this.#bySuffix.find(text, length => text.slice(text.length - length), lists)
  }
}

/** Places by a part of a text, of the few lengths that such parts have. */
class PlacesByLength {
  readonly #places = new Map<string, number[]>()
  readonly #lengths: number[] = []

  add(part: string, place: number): void {
    append(this.#places, part, place)
    if (!this.#lengths.includes(part.length)) this.#lengths.push(part.length)
  }

  find(text: string, partOf: (length: number) => string, lists: (readonly number[])[]): void {
    for (const length of this.#lengths) {
      const places = length <= text.length ? this.#places.get(partOf(length)) : undefined
      if (places) lists.push(places)
    }
  }
}

function append(lists: Map<string, number[]>, key: string, place: number): void {
  const list = lists.get(key)
  if (!list) lists.set(key, [place])
  else if (list.at(-1) !== place) list.push(place)
}
