import type { ComponentChildren } from 'preact'

/** A button that opens a small sheet beneath it, which Escape or a press elsewhere closes. `id`: of the sheet. */
export function Menu(props: { id: string; label: string; shown: ComponentChildren; children: ComponentChildren }) {
  return (
    <>
      <button type="button" class="small menu-button" aria-label={props.label} popovertarget={props.id}>
        {props.shown}
      </button>
      <div id={props.id} class="menu" popover="auto">
        {props.children}
      </div>
    </>
  )
}

/** Closes the menu that something stands in. */
export function closeMenu(inside: HTMLElement): void {
  inside.closest<HTMLElement>('[popover]')?.hidePopover()
}
