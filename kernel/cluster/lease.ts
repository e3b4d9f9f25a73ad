/** What is held for a time, the seat or a request, is renewed so many times before that ends. */
export const RENEWALS = 5;

/** Share of the time after which a holder that could not renew it gives up: before anybody else can have it. */
export const GIVE_UP_SHARE = 0.8;
