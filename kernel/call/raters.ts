import type { Rater } from '../../syscalls/control.js';
import { type Principal, tenantOf } from '../process/principal.js';

/** As whom a principal may rate an answer, the usual one first. */
export function ratersOf(principal: Principal, owner: string, tenant: string): readonly Rater[] {
  const { name, operator, verifier } = principal;
  const own = tenantOf(principal, undefined);
  const checks = verifier && (tenant === own || tenant.startsWith(`${own}/`));
  const asAgent: readonly Rater[] = name === owner ? ['agent'] : [];
  if (operator) return [...asAgent, 'operator', 'verifier'];
  return checks ? [...asAgent, 'verifier'] : asAgent;
}
