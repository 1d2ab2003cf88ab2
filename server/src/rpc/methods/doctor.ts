import type { AgentDoctor } from '../../doctor/agent-doctor.ts'
import type { Handlers } from '../run.ts'

/** The method that says what is wrong with an agent. */
export function doctorMethods(doctor: AgentDoctor): Pick<Handlers, 'agents.doctor'> {
  return {
    'agents.doctor': async ({ agent, timeoutMs }, context) => {
      // So few items need no credit.
      const report = await doctor.examine(agent, { timeoutMs, signal: context.signal, onStep: step => context.sendItem(step) })
      return { report: { agent, uri: report.uri, isHealthy: report.isHealthy, steps: [...report.steps] } }
    },
  }
}
