import { calls } from './page.ts'

/** What the keyboard does wherever one is. */
export function startKeys(): void {
  document.addEventListener('keydown', event => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault()
      calls.make()
    }
    if (event.key === '/' && !isEditable(event.target)) {
      const search = document.getElementById('search')
      if (!search) return
      event.preventDefault()
      search.focus()
    }
  })
}

function isEditable(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null
}
