import { CopyButton } from './copy-button.tsx'

/** A thumbprint in groups of eight, so that two can be compared by eye; copied without the gaps. */
export function Thumbprint({ value, what = 'the thumbprint' }: { value: string; what?: string }) {
  const groups = value.match(/.{1,8}/g) ?? []
  return (
    <span class="thumbprint">
      <code title={value}>
        {groups.map((group, i) => (
          <span key={i}>{group}</span>
        ))}
      </code>
      <CopyButton text={value} what={what} />
    </span>
  )
}

/** Its beginning and its end, where there is no room for more. */
export function ShortThumbprint({ value }: { value: string }) {
  return (
    <span class="mono" title={value}>
      {value.slice(0, 8)}…{value.slice(-8)}
    </span>
  )
}
