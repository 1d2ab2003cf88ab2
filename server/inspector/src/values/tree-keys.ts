import type { TreeRow } from './result-tree.ts'

/** What a key does in a tree: another row is the active one, or rows open and close. */
export type TreeMove = { readonly to: number } | { readonly open: readonly string[] } | { readonly close: readonly string[] } | undefined

/** As trees are used by keyboard everywhere (WAI-ARIA, tree view): arrows, Home, End, pages, Enter, and `*` for all beside one. */
export function moveInTree(rows: readonly TreeRow[], at: number, key: string, page: number): TreeMove {
  const row = rows[at]
  if (!row) return undefined
  const to = (index: number): TreeMove => ({ to: Math.max(0, Math.min(rows.length - 1, index)) })
  switch (key) {
    case 'ArrowDown':
      return to(at + 1)
    case 'ArrowUp':
      return to(at - 1)
    case 'PageDown':
      return to(at + page)
    case 'PageUp':
      return to(at - page)
    case 'Home':
      return to(0)
    case 'End':
      return to(rows.length - 1)
    case 'ArrowRight':
      if (!row.canOpen) return undefined
      return row.isOpen ? to(at + 1) : { open: [row.id] }
    case 'ArrowLeft': {
      if (row.isOpen) return { close: [row.id] }
      const parent = rows.slice(0, at).findLastIndex(each => each.depth < row.depth)
      return parent < 0 ? undefined : to(parent)
    }
    case 'Enter':
    case ' ':
      if (!row.canOpen) return undefined
      return row.isOpen ? { close: [row.id] } : { open: [row.id] }
    case '*': {
      const parent = rows.slice(0, at).findLastIndex(each => each.depth < row.depth)
      const end = rows.findIndex((each, i) => i > parent && each.depth < row.depth)
      const beside = rows.slice(parent + 1, end < 0 ? undefined : end).filter(each => each.depth === row.depth && each.canOpen)
      return { open: beside.map(each => each.id) }
    }
    default:
      return undefined
  }
}
