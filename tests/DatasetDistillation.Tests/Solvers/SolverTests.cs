using DatasetDistillation.Solvers;
using Xunit;
using static TorchSharp.torch;

namespace DatasetDistillation.Tests.Solvers;

public sealed class SolverTests
{
    public static TheoryData<string, object, double> Minimizers => new()
    {
        {
            "accelerated gradient descent",
            new GradientDescent { Tolerance = 1e-8, Slack = 1e-15, MaxIterations = 5000, StepGrowth = 1 },
            1e2
        },
        {
            "restarted gradient descent",
            new GradientDescent { Tolerance = 1e-8, Slack = 1e-15, MaxIterations = 5000, StepGrowth = 1, Restarts = true },
            1e4
        },
        {
            "plain gradient descent",
            new GradientDescent { Tolerance = 1e-8, Slack = 1e-15, MaxIterations = 5000, Accelerated = false },
            1e2
        },
        { "L-BFGS", new LBfgs { Tolerance = 1e-8, MaxIterations = 5000 }, 1e3 },
        { "Newton", new Newton { Tolerance = 1e-9 }, 1e8 },
    };

    [Theory]
    [MemberData(nameof(Minimizers))]
    public void An_ill_conditioned_quadratic_is_minimized(string name, object solver, double condition)
    {
        using var scope = NewDisposeScope();
        SolverResult result = ((Solver<Objective>)solver).Run(Problems.Quadratic(condition), zeros([20], float64));

        Assert.True(result.Converged, $"{name}: {result}");
        Assert.InRange(Problems.Distance(result.Solution, ones([20], float64)), 0, 1e-7);
        Assert.InRange(result.Value, 0, 1e-12);
    }

    [Theory]
    [MemberData(nameof(Minimizers))]
    public void Logistic_regression_ends_where_Newton_ends(string name, object solver, double condition)
    {
        using var scope = NewDisposeScope();
        Tensor newton = new Newton { Tolerance = 1e-13 }.Run(Problems.Logistic(), zeros([5, 3], float64)).Required();
        SolverResult result = ((Solver<Objective>)solver).Run(Problems.Logistic(), zeros([5, 3], float64));

        Assert.True(result.Converged, $"{name} ({condition}): {result}");
        Assert.InRange(Problems.Distance(result.Solution, newton), 0, 1e-6);
    }

    [Fact]
    public void Rosenbrocks_valley_is_followed_to_its_end()
    {
        using var scope = NewDisposeScope();
        Tensor start = Problems.Values(-1.2, 1);
        SolverResult newton = new Newton().Run(Problems.Rosenbrock(), start);
        SolverResult lbfgs = new LBfgs { Tolerance = 1e-8 }.Run(Problems.Rosenbrock(), start);

        Assert.InRange(Problems.Distance(newton.Required(), ones([2], float64)), 0, 1e-9);
        Assert.InRange(Problems.Distance(lbfgs.Required(), ones([2], float64)), 0, 1e-7);
        Assert.InRange(newton.Iterations, 5, 40);
        Assert.InRange(lbfgs.Iterations, 10, 80);
    }

    [Fact]
    public void Newton_solves_a_quadratic_in_one_step()
    {
        using var scope = NewDisposeScope();
        var solver = new Newton { Linear = new() { Tolerance = 1e-15 } };
        Assert.Equal(1, ((Solver<Objective>)solver).Run(Problems.Quadratic(1e4), zeros([20], float64)).Iterations);
    }

    [Fact]
    public void Acceleration_saves_iterations()
    {
        using var scope = NewDisposeScope();
        int Iterations(bool accelerated) => new GradientDescent
        {
            Accelerated = accelerated,
            Restarts = accelerated,
            Slack = 1e-15,
            StepGrowth = 1,
            Tolerance = 1e-6,
            MaxIterations = 10_000
        }
            .Run(Problems.Quadratic(1e3), zeros([20], float64)).Iterations;

        Assert.InRange(Iterations(true), 1, Iterations(false) / 3);
    }

    [Fact]
    public void A_warm_start_saves_iterations()
    {
        using var scope = NewDisposeScope();
        var solver = new LBfgs { Tolerance = 1e-8 };
        SolverResult cold = ((Solver<Objective>)solver).Run(Problems.Logistic(), zeros([5, 3], float64));
        SolverResult warm = ((Solver<Objective>)solver).Run(Problems.Logistic(0.0101), cold.Required());

        Assert.InRange(warm.Iterations, 1, cold.Iterations - 3);
        Assert.Equal(0, ((Solver<Objective>)solver).Run(Problems.Logistic(), cold.Required()).Iterations);
    }

    [Fact]
    public void Conjugate_gradients_end_after_as_many_steps_as_there_are_eigenvalues()
    {
        using var scope = NewDisposeScope();
        Tensor d = Problems.Values([.. Enumerable.Range(0, 100).Select(i => (double)(i % 4) + 1)]);
        Tensor b = randn([100], float64, generator: new Generator(1));
        SolverResult result = new ConjugateGradient { Tolerance = 1e-12 }.Run(v => v * d, b);

        Assert.Equal((SolverStatus.Converged, 4), (result.Status, result.Iterations));
        Assert.InRange(Problems.Distance(result.Solution, b / d), 0, 1e-12);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_stored_state_goes_on_to_the_bit(bool lbfgs)
    {
        using var scope = NewDisposeScope();
        object solver = lbfgs ? new LBfgs { History = 3 } : new GradientDescent();
        Objective problem = Problems.Rosenbrock();
        SolverState straight = ((Solver<Objective>)solver).Initialize(problem, Problems.Values(-1.2, 1));
        SolverState stored = ((Solver<Objective>)solver).Initialize(problem, Problems.Values(-1.2, 1));
        for (int i = 0; i < 10; i++)
        {
            ((Solver<Objective>)solver).Update(problem, straight);
            stored = SolverState.Restore(stored.Tensors());
            ((Solver<Objective>)solver).Update(problem, stored);
        }

        Assert.Equal(straight.Solution.data<double>().ToArray(), stored.Solution.data<double>().ToArray());
        Assert.Equal((10, straight.Value, straight.Residual), (stored.Iterations, stored.Value, stored.Residual));
    }
}
