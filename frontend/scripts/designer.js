export function designer() {}
