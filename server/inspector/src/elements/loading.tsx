/** What is shown where something has been asked for and has not come yet. `what`: as in “Asking for the certificates”. */
export function Loading({ what }: { what: string }) {
  return (
    <p class="loading" role="status">
      <span class="spinner small" aria-hidden="true" /> Asking for {what}
    </p>
  )
}
