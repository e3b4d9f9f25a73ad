/**
 * Who answers for the ratings of a tenant: tenants are paths, and all below one name count as one party where something is learnt
 * across tenants, or room is shared. A token names its tenants below its own name, so that many of them have one voice.
 */
export function partyOf(tenant: string): string {
  const end = tenant.indexOf('/');
  return end < 0 ? tenant : tenant.slice(0, end);
}
