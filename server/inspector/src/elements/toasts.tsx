import type { Note } from '../state/notes.ts'

/** What is told in passing, in a corner; it is read out too. */
export function Toasts({ notes, onDismiss }: { notes: readonly Note[]; onDismiss: (note: Note) => void }) {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {notes.map(note => (
        <p key={note.id} class={`toast ${note.kind}`}>
          {note.text}
          <button type="button" class="small quiet-button" aria-label={`Dismiss: ${note.text}`} onClick={() => onDismiss(note)}>
            ✕
          </button>
        </p>
      ))}
    </div>
  )
}
