use raspc::compile::compile;
use raspc::options::Options;
use raspc_lang::graph::*;
use raspc_lang::value::Value;
use std::time::Instant;
fn main() {
    let n: i64 = std::env::args().nth(1).unwrap().parse().unwrap();
    let l: usize = std::env::args().nth(2).unwrap().parse().unwrap();
    let mut g = Graph::new(Mask::Full);
    let t = g.push(Op::Tokens, None);
    let i = g.push(Op::Indices, None);
    let s = g.push(Op::Select { keys: t, queries: t, predicate: Predicate::Compare(Comparison::Lt) }, None);
    g.name(s, "smaller");
    let w = g.push(Op::SelectorWidth(s), None);
    g.name(w, "target_pos");
    let s2 = g.push(Op::Select { keys: w, queries: i, predicate: Predicate::Compare(Comparison::Eq) }, None);
    g.name(s2, "sel_new");
    let o = g.push(Op::Aggregate { selector: s2, values: t, default: Value::None }, None);
    g.name(o, "sort");
    let opt = Options::new((0..n).map(Value::int).collect(), l);
    let t0 = Instant::now();
    let c = compile(&g, o, &opt).unwrap();
    eprintln!("compile {:?}", t0.elapsed());
    let t0 = Instant::now();
    let ids: Vec<u32> = (0..l as u32).map(|x| (x * 7919) % n as u32).collect();
    let r = raspc::verify::check(&c, &ids[..l.min(ids.len())]);
    eprintln!(
        "check {:?} {}",
        t0.elapsed(),
        if r == raspc::verify::Outcome::Agrees {
            "agrees".to_owned()
        } else {
            format!("{r:?}").chars().take(300).collect()
        }
    );
    if l < 50 {
        println!("{}", raspc::explain::explain(&c));
    }
}
