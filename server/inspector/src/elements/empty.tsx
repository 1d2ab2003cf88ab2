import type { ComponentChildren } from 'preact'

/** What is shown where a list has nothing in it: that it is so, why that is fine or what to do. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty-box">
      <p class="message">{title}</p>
      {children}
    </div>
  )
}
