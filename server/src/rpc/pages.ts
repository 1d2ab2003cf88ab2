import { ParamsError } from './params-error.ts'

/** Which part of a list is wanted. */
export interface PageParams {
  readonly limit?: number
  readonly cursor?: string
}

/**
 * The keys of a list from where a page begins, in order. A cursor is the last key of the page before, so that whatever comes and goes meanwhile,
 * what was there all the time is told once. Throws `invalid_params` for a cursor that is none.
 */
export function keysFrom(keys: readonly string[], { cursor }: PageParams): string[] {
  const after = cursor === undefined ? undefined : keyOfCursor(cursor)
  return keys.filter(key => after === undefined || key > after).sort()
}

/** A page of a list, and where the next one begins, where there is one. Throws as {@link keysFrom}. */
export function pageOf<T>(
  list: ReadonlyMap<string, T>,
  page: PageParams,
): { readonly page: readonly T[]; readonly next: { readonly next?: string } } {
  const keys = keysFrom([...list.keys()], page)
  const told = keys.slice(0, page.limit)
  const last = told.at(-1)
  return {
    page: told.map(key => list.get(key) as T),
    next: last !== undefined && told.length < keys.length ? { next: cursorAfter(last) } : {},
  }
}

/** The cursor of the page behind a key. */
export function cursorAfter(key: string): string {
  return Buffer.from(key).toString('base64url')
}

/** The key that a cursor says. Throws `invalid_params` for one that was not told. */
export function keyOfCursor(cursor: string): string {
  const key = Buffer.from(cursor, 'base64url').toString()
  if (cursorAfter(key) === cursor) return key
  throw new ParamsError('the cursor is none that was told', [
    { path: '/cursor', expected: 'what next of the page before said', got: JSON.stringify(cursor.slice(0, 40)) },
  ])
}
