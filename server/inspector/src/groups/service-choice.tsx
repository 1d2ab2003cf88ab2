import { contracts } from '../page.ts'

/** Which services an agent hosts, out of those whose contracts the gateway knows. */
export function ServiceChoice({ chosen, onChange }: { chosen: readonly string[]; onChange: (chosen: readonly string[]) => void }) {
  const services = contracts.services()
  if (services.length === 0) {
    return (
      <p class="hint">
        The gateway knows no contracts yet, so the agent can be attached and not called from here.{' '}
        <code>halibut-gateway contracts add</code> tells it one.
      </p>
    )
  }
  return (
    <fieldset class="services">
      <legend>Services that it hosts</legend>
      {services.map(service => (
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
  )
}
