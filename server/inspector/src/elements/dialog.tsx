import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'

/**
 * A sheet over the page: what is behind it cannot be reached until it is closed, and has the focus again then. `onClose` hears of Escape and of a
 * press beside it.
 */
export function Dialog(props: { label: string; class?: string; onClose: () => void; children: ComponentChildren }) {
  const element = useRef<HTMLDialogElement>(null)
  useLayoutEffect(() => {
    const dialog = element.current
    const before = document.activeElement
    dialog?.showModal()
    return () => {
      if (!dialog?.open) return
      dialog.close()
      // A dialog that is taken away does not give the focus back by itself.
      if (before instanceof HTMLElement) before.focus()
    }
  }, [])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the key for it is Escape
    <dialog
      ref={element}
      class={`dialog ${props.class ?? ''}`}
      aria-label={props.label}
      onClose={props.onClose}
      onClick={event => {
        if (event.target === element.current) element.current?.close()
      }}
    >
      {props.children}
    </dialog>
  )
}
