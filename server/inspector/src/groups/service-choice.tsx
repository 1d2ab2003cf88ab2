import { useEffect } from 'preact/hooks'
import { contracts } from '../page.ts'
import { ContractFiles } from './contract-files.tsx'

/** Which services an agent hosts, out of those whose contracts the gateway knows, and those that it is said to host. */
export function ServiceChoice({ chosen, onChange }: { chosen: readonly string[]; onChange: (chosen: readonly string[]) => void }) {
  const listed = contracts.services()
  const known = listed ?? []
  // Who has added contracts in a terminal comes back and finds them.
  useEffect(() => {
    addEventListener('focus', contracts.relist)
    return () => removeEventListener('focus', contracts.relist)
  }, [])
  const unknown = chosen.filter(each => !known.includes(each))
  return (
    <>
      {known.length + unknown.length > 0 && (
        <fieldset class="services">
          <legend>Services that it hosts</legend>
          {[...known, ...unknown].map(service => (
            <label key={service}>
              <input
                type="checkbox"
                checked={chosen.includes(service)}
                onChange={event => onChange(event.currentTarget.checked ? [...chosen, service] : chosen.filter(each => each !== service))}
              />{' '}
              {service}
            </label>
          ))}
        </fieldset>
      )}
      {listed && (known.length === 0 || unknown.length > 0) && (
        <div class="contracts-wanted">
          <p>
            {unknown.length === 0
              ? 'The gateway knows no contracts yet. They have the methods of services, and the forms to call them are made of these.'
              : `The gateway has no contract yet for ${unknown.join(', ')}, and no form to call it.`}
          </p>
          <ContractFiles onAdded={services => onChange([...new Set([...chosen, ...services])])} />
        </div>
      )}
    </>
  )
}
